import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select as AriaSelect,
  SelectValue,
  SwitchButton,
  SwitchField,
  Text,
  TextArea,
  TextField as AriaTextField,
} from 'react-aria-components';
import { Icon, type IconName } from './icons.tsx';

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children'> {
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly size?: 'large';
  readonly children: ReactNode;
}

/** A button with words. */
export function Button({ kind = 'plain', size, children, ...rest }: ButtonProps): ReactNode {
  const large = size === 'large' ? ' button-large' : '';
  return (
    <AriaButton {...rest} className={`button button-${kind}${large}`}>
      {children}
    </AriaButton>
  );
}

export interface IconButtonProps extends Omit<AriaButtonProps, 'className' | 'children'> {
  readonly icon: IconName;
  /** What it does, for those who do not see it. */
  readonly label: string;
}

/** A button with a picture alone. */
export function IconButton({ icon, label, ...rest }: IconButtonProps): ReactNode {
  return (
    <AriaButton {...rest} aria-label={label} className="icon-button">
      <Icon name={icon} />
    </AriaButton>
  );
}

export interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly help?: string | undefined;
  /** What is wrong with the value; nothing when it is good. */
  readonly problem?: string | undefined;
  readonly type?: 'text' | 'password';
  readonly lines?: number;
  readonly isRequired?: boolean;
  readonly isDisabled?: boolean;
  readonly autoFocus?: boolean;
  readonly placeholder?: string;
  readonly isMono?: boolean;
}

/** A line or some lines of text, with their label. */
export function TextField(props: FieldProps): ReactNode {
  const { label, value, onChange, help, problem, type = 'text', lines, placeholder, isMono = false } = props;
  const placeholderOf = placeholder === undefined ? {} : { placeholder };
  const look = `input${isMono ? ' mono' : ''}`;
  return (
    <AriaTextField
      className="field"
      value={value}
      onChange={onChange}
      type={type}
      isInvalid={problem !== undefined}
      isRequired={props.isRequired ?? false}
      isDisabled={props.isDisabled ?? false}
      autoFocus={props.autoFocus ?? false}
      validationBehavior="aria"
    >
      <Label>{label}</Label>
      {lines === undefined ? (
        <Input className={look} {...placeholderOf} spellCheck={false} autoComplete="off" />
      ) : (
        <TextArea className={look} rows={lines} {...placeholderOf} spellCheck={false} />
      )}
      {help !== undefined && (
        <Text slot="description" className="field-help">
          {help}
        </Text>
      )}
      <FieldError className="field-error">{problem}</FieldError>
    </AriaTextField>
  );
}

export interface SwitchProps {
  readonly isSelected: boolean;
  readonly onChange: (isSelected: boolean) => void;
  readonly isDisabled?: boolean;
  readonly children: ReactNode;
}

export function Switch({ children, isDisabled = false, ...rest }: SwitchProps): ReactNode {
  return (
    <SwitchField {...rest} isDisabled={isDisabled}>
      <SwitchButton className="switch">
        <div className="switch-track" aria-hidden="true">
          <div className="switch-thumb" />
        </div>
        <span>{children}</span>
      </SwitchButton>
    </SwitchField>
  );
}

export interface SelectProps<K extends string> {
  readonly label: string;
  readonly isLabelHidden?: boolean;
  readonly value: K;
  readonly options: readonly { readonly key: K; readonly text: string }[];
  readonly onChange: (key: K) => void;
  readonly isDisabled?: boolean;
  readonly help?: string;
}

/** One of a few. */
export function Select<K extends string>(props: SelectProps<K>): ReactNode {
  const { label, isLabelHidden = false, value, options, onChange, isDisabled = false, help } = props;
  return (
    <AriaSelect
      className="field"
      value={value}
      isDisabled={isDisabled}
      onChange={(key) => {
        const chosen = options.find((option) => option.key === key);
        if (chosen) onChange(chosen.key);
      }}
      {...(isLabelHidden ? { 'aria-label': label } : {})}
    >
      {!isLabelHidden && <Label>{label}</Label>}
      <AriaButton className="button select-button">
        <SelectValue />
        <Icon name="down" />
      </AriaButton>
      {help !== undefined && (
        <Text slot="description" className="field-help">
          {help}
        </Text>
      )}
      <Popover className="popover">
        <ListBox>
          {options.map(({ key, text }) => (
            <ListBoxItem key={key} id={key} textValue={text} className="option">
              {text}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
