import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

export type Tone = 'plain' | 'ok' | 'warn' | 'bad';

export interface NoticeProps {
  readonly tone?: Tone;
  readonly title?: string;
  readonly children?: ReactNode;
  /** Read out when it comes. */
  readonly isLive?: boolean;
}

/** Something that a person should read. */
export function Notice({ tone = 'plain', title, children, isLive = false }: NoticeProps): ReactNode {
  return (
    <div className={`notice notice-${tone}`} role={isLive ? 'alert' : undefined}>
      {title !== undefined && <p className="notice-title">{title}</p>}
      {children}
    </div>
  );
}

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly isWide?: boolean;
  /** Closing takes an answer: neither Escape nor a click beside it is one. */
  readonly needsAnswer?: boolean;
  readonly children: ReactNode;
}

/** A window in the window. It is there for as long as it is rendered. */
export function Dialog({
  title,
  onClose,
  isWide = false,
  needsAnswer = false,
  children,
}: DialogProps): ReactNode {
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      isDismissable={!needsAnswer}
      isKeyboardDismissDisabled={needsAnswer}
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
    >
      <Modal className={`dialog${isWide ? ' dialog-wide' : ''}`}>
        <AriaDialog>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** Pairs of a name and what it is. Those that are nothing are left out. */
export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
