import type { ReactNode } from 'react';

/* Line drawings of 24 by 24, in the colour of the text beside them. They say nothing that the text does not. */

const PATHS = {
  connection: 'M4 12h5l2-5 3 10 2-5h4',
  profiles: 'M5 4h14v16H5zM9 9h6M9 13h6',
  split: 'M12 21v-7M12 14L5 6M12 14l7-8M5 10V6h4M15 6h4v4',
  activity: 'M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M13 4.5v5M7 14.5v5',
  up: 'M6 15l6-6 6 6',
  down: 'M6 9l6 6 6-6',
  close: 'M6 6l12 12M18 6L6 18',
  add: 'M12 5v14M5 12h14',
  edit: 'M4 20h4L19 9l-4-4L4 16z',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  warning: 'M12 4l9 16H3zM12 10v5M12 17.5v.5',
  check: 'M5 13l4 4L19 7',
  block: 'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM6 6l12 12',
  drag: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  info: 'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM12 11v5M12 8v.01',
  undo: 'M9 6L4 11l5 5M4 11h10.5a4.5 4.5 0 0 1 0 9H11',
  redo: 'M15 6l5 5-5 5M20 11H9.5a4.5 4.5 0 0 0 0 9H13',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): ReactNode {
  return (
    <svg
      viewBox="0 0 24 24"
      width="18"
      height="18"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.9"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The sign of the app. */
export function Sign(): ReactNode {
  return (
    <svg viewBox="0 0 512 512" aria-hidden="true">
      <rect x="24" y="24" width="464" height="464" rx="104" fill="#175a86" />
      <path d="M64 176H448V222H64Z" fill="#fff" />
      <path
        d="M96 222H416V346H392V320A58 58 0 0 0 276 320V346H236V320A58 58 0 0 0 120 320V346H96Z"
        fill="#fff"
      />
      <path
        d="M76 392q30-26 60 0t60 0t60 0t60 0t60 0t60 0"
        fill="none"
        stroke="#7fd0e8"
        strokeWidth="22"
        strokeLinecap="round"
      />
    </svg>
  );
}
