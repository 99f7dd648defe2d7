import fc from 'fast-check';
import type * as z from 'zod';

/** What zod says of a schema, as far as values are made from it. */
interface Def {
  readonly type: string;
  readonly [part: string]: unknown;
}

/**
 * Values that a schema takes, or nearly: what its own refinements ask beyond its form is left to chance. Throws for a
 * kind of schema that nobody has needed yet.
 */
export function arbitraryOf(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const def = schema._zod.def as unknown as Def;
  const of = (part: string): fc.Arbitrary<unknown> => arbitraryOf(def[part] as z.core.$ZodType);
  const { minimum, maximum, pattern } = boundsOf(def);
  switch (def.type) {
    case 'object': {
      const shape = Object.entries(def['shape'] as Record<string, z.core.$ZodType>);
      const isOptional = ([, part]: (typeof shape)[number]): boolean => part._zod.optin === 'optional';
      return fc.record(Object.fromEntries(shape.map(([name, part]) => [name, arbitraryOf(part)])), {
        requiredKeys: shape.filter((part) => !isOptional(part)).map(([name]) => name),
      });
    }
    case 'string':
      if (pattern) return fc.stringMatching(pattern);
      return fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: Math.min(maximum ?? 40, 40) }));
    case 'number':
      return fc.integer({
        min: Math.max(minimum ?? 0, -1_000_000),
        max: maximum ?? 1_000_000,
      });
    case 'boolean':
      return fc.boolean();
    case 'literal':
      return fc.constantFrom(...(def['values'] as readonly unknown[]));
    case 'enum':
      return fc.constantFrom(...Object.values(def['entries'] as Record<string, unknown>));
    case 'array':
      return fc.array(of('element'), { minLength: minimum ?? 0, maxLength: Math.min(maximum ?? 4, 4) });
    case 'record':
      return fc.dictionary(fc.string({ maxLength: 10 }), of('valueType'), { maxKeys: 4 });
    case 'union':
      return fc.oneof(...(def['options'] as readonly z.core.$ZodType[]).map(arbitraryOf));
    case 'optional':
    case 'default':
    case 'prefault':
      return of('innerType');
    case 'nullable':
      return fc.option(of('innerType'));
    case 'pipe':
      return of('in');
    case 'null':
      return fc.constant(null);
    case 'unknown':
      return fc.jsonValue({ maxDepth: 2 });
    default:
      throw new Error(`no values for ${def.type}`);
  }
}

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: RegExp;
}

/** What the checks of a schema ask of lengths, numbers and texts. */
function boundsOf({ checks }: Def): Bounds {
  const list = (checks ?? []) as readonly { readonly _zod: { readonly def: Record<string, unknown> } }[];
  return list.reduce<Bounds>((found, { _zod: { def } }) => {
    switch (def['check']) {
      case 'greater_than':
        return { ...found, minimum: def['value'] as number };
      case 'less_than':
        return { ...found, maximum: def['value'] as number };
      case 'min_length':
        return { ...found, minimum: def['minimum'] as number };
      case 'max_length':
        return { ...found, maximum: def['maximum'] as number };
      case 'string_format':
        return { ...found, pattern: def['pattern'] as RegExp };
      default:
        return found;
    }
  }, {});
}

/** Texts that some field may mean something by. */
const WORDS: readonly string[] = [
  'vpn.example.com',
  '192.0.2.1',
  '2001:db8::1',
  '10.0.0.0/8',
  '*.example.com',
  'tcp',
  '443',
  'alice@office.test',
  'aes256gcm16-prfsha384-ecp384',
];

/** Where a schema has text, as paths such as `gateway.alternatives[].address`. */
export function textFieldsOf(schema: z.core.$ZodType, place = ''): string[] {
  const def = schema._zod.def as unknown as Def;
  const inside = (part: string, where = place): string[] => textFieldsOf(def[part] as z.core.$ZodType, where);
  switch (def.type) {
    case 'string':
      return [place];
    case 'object':
      return Object.entries(def['shape'] as Record<string, z.core.$ZodType>).flatMap(([name, part]) =>
        textFieldsOf(part, place === '' ? name : `${place}.${name}`),
      );
    case 'array':
      return inside('element', `${place}[]`);
    case 'union':
      return [
        ...new Set(
          (def['options'] as readonly z.core.$ZodType[]).flatMap((option) => textFieldsOf(option, place)),
        ),
      ];
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nullable':
      return inside('innerType');
    case 'pipe':
      return inside('in');
    default:
      return [];
  }
}
