import type { ReactNode } from 'react';

/** Shows what a link or a file wants to become, and asks. */
export function ProposalDialog(): ReactNode {
  return null;
}
