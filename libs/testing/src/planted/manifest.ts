/** The planted bugs, by the promise of the design that each breaks. */
import { controlPlaneBugs } from './bugs/control-plane.ts';
import { identityBugs } from './bugs/identity.ts';
import { nodeBugs } from './bugs/node.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Each is caught by every one of its catchers, alone. */
export const plantedBugs: readonly PlantedBug[] = [...controlPlaneBugs, ...nodeBugs, ...identityBugs];
