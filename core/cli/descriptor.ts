import { err, ok, type Result } from '../lib/result.ts';

/**
 * The number of a file descriptor that a secret is to be read from, as an option gives it; undefined without the option.
 * The value is not repeated in the sentence: somebody may have put the password itself there.
 */
export function descriptor(
  option: string,
  value: string | boolean | undefined,
): Result<number | undefined, string> {
  if (value === undefined) return ok(undefined);
  if (typeof value !== 'string' || !/^[0-9]{1,4}$/.test(value))
    return err(
      `${option} needs the number of an open file descriptor, such as ${option} 3 with 3<FILE; never the secret itself`,
    );
  const fd = Number(value);
  return fd === 1 || fd === 2 ? err(`${option} cannot be ${fd}, which is for output`) : ok(fd);
}
