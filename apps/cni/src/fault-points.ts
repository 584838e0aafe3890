/** The instants of a call at which a crash of the plugin is tried. */
import type { FaultPoints } from '@wgcni/base';
import type { pluginFaultPoints } from '@wgcni/cni';

export type PluginFaultPoints = FaultPoints<(typeof pluginFaultPoints)[number]>;
