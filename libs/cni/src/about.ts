/** What the plugin says of itself: the about text without a command, and the answer to VERSION. */
import { decodeDocument, pluginName } from './network-config.ts';
import { optionalString, valueOf, type JsonObject } from './json-shape.ts';
import { cniVersions, newestVersion } from './version.ts';

/** The text for stderr when CNI_COMMAND is missing; Nomad reads the plugin's version from its first line. */
export function aboutText(pluginVersion: string): string {
  return `CNI ${pluginName} plugin v${pluginVersion}\nCNI protocol versions supported: ${cniVersions.join(', ')}\n`;
}

/**
 * SPEC: CNI 1.1 VERSION: the version that was asked in, and all that are spoken. Works with nothing on stdin.
 * Throws CatalogueError `decode.failed` when something is on stdin that is not a JSON object.
 */
export function versionAnswer(stdin: string): JsonObject {
  const document = stdin.trim() === '' ? {} : decodeDocument(stdin);
  const asked = optionalString(valueOf(document, 'cniVersion'), 'cniVersion', 'decode.failed');
  return { cniVersion: asked ?? newestVersion, supportedVersions: [...cniVersions] };
}
