/** PURE: whether anybody but us could use a private key, by the owner and the mode of its file. */

export interface Custody {
  uid: number;
  gid: number;
  mode: number;
}

/**
 * True for a mode with anything in it for the group or the world. `isHandedOver`: systemd put the file there for this process
 * (LoadCredential=). Since version 254 it stays root's own there and an access list lets the process read; what `stat` shows as the group's is then the mask of that list.
 */
export function isOpenToOthers({ uid, gid, mode }: Custody, isHandedOver: boolean): boolean {
  const isReadByList = isHandedOver && uid === 0 && gid === 0 && (mode & 0o777) === 0o440;
  return (mode & 0o077) !== 0 && !isReadByList;
}

/** Whether a path is one of the credentials that systemd handed over, by its variable CREDENTIALS_DIRECTORY. */
export function isHandedOver(path: string, directory: string | undefined): boolean {
  return directory !== undefined && directory !== '' && path.startsWith(`${directory}/`) && !path.includes('/../');
}
