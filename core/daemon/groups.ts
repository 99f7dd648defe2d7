import { readFileSync } from 'node:fs';

/** Members may do what else only root may: end others' connections, read the log, repair. */
const ADMINISTRATORS = 'causeway-admin';

/** The groups and users of this machine as its own files know them. */
export interface Accounts {
  /** The number of a group by its name, or undefined. */
  groupId(name: string): number | undefined;
  isAdministrator(uid: number): boolean;
}

/** The accounts in /etc/group and /etc/passwd, read anew for each question: they change while the service runs. */
export function machineAccounts(): Accounts {
  const lines = (path: string): string[][] => fieldsOf(read(path));
  return {
    groupId: (name) => groupId(lines('/etc/group'), name),
    isAdministrator: (uid) =>
      uid === 0 || isMember(lines('/etc/group'), lines('/etc/passwd'), ADMINISTRATORS, uid),
  };
}

/** The fields of each line of a file such as /etc/group. */
export function fieldsOf(text: string): string[][] {
  return text.split('\n').map((line) => line.split(':'));
}

/** The number of a group; a number stands for itself. */
export function groupId(groups: readonly (readonly string[])[], name: string): number | undefined {
  if (/^[0-9]{1,9}$/.test(name)) return Number(name);
  const id = groups.find((fields) => fields[0] === name)?.[2];
  return id !== undefined && /^[0-9]{1,9}$/.test(id) ? Number(id) : undefined;
}

/** Whether a user is in a group: listed there, or with it as their own. */
export function isMember(
  groups: readonly (readonly string[])[],
  users: readonly (readonly string[])[],
  group: string,
  uid: number,
): boolean {
  const found = groups.find((fields) => fields[0] === group);
  const user = users.find((fields) => fields[2] === `${uid}`);
  if (!found || !user) return false;
  const [name = '', , , ownGroup] = user;
  return ownGroup === found[2] || (found[3] ?? '').split(',').includes(name);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
