import { useEffect, useState } from 'react';
import type { Row } from './rows.ts';

/** A rule by its id, or by its number, as those of IT are. */
export type FocusTarget = { readonly id: number } | { readonly number: number };

/** Frames in which a line that is far away may come into being. */
const TRIES = 30;

/** Puts the focus on a rule when what is being done has been drawn. */
export function useFocus(rows: readonly Row[]): (target: FocusTarget) => void {
  const [target, setTarget] = useState<FocusTarget>();
  useEffect(() => {
    if (!target) return undefined;
    const place = rows.findIndex(({ id, number }) =>
      'id' in target ? id === target.id : number === target.number,
    );
    const id = rows[place]?.id;
    if (id === undefined && 'id' in target) return undefined;
    // Until the list has drawn itself anew another line has the number, but none the id.
    const which =
      id === undefined
        ? `.split-fixed .split-rule[data-rule="${'number' in target ? target.number : ''}"]`
        : `.split-rule[data-id="${id}"]`;
    let tries = 0;
    let frame = 0;
    const look = (): void => {
      const line = document.querySelector<HTMLElement>(which);
      if (line) {
        line.scrollIntoView({ block: 'nearest' });
        line.focus();
        setTarget(undefined);
        return;
      }
      // Of a long list only what is seen is there: the line comes when the list is about where it is.
      const list = document.querySelector<HTMLElement>('.split-rules[data-long]');
      if (list && place >= 0)
        list.scrollTop = (list.scrollHeight * place) / rows.length - list.clientHeight / 3;
      tries += 1;
      if (tries < TRIES) frame = requestAnimationFrame(look);
    };
    look();
    return () => cancelAnimationFrame(frame);
  }, [target, rows]);
  return setTarget;
}
