/** Questions that must be answered first. The browser keeps the focus inside, and gives it back. */
import { h, setText } from './dom.js';

/** Resolves when it is closed, with whether it was answered with yes. */
function openDialog(dialog: HTMLDialogElement): Promise<boolean> {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}

interface Asked {
  readonly title: string;
  /** What will happen. */
  readonly text: string;
  /** The word on the button that does it. */
  readonly yes: string;
}

export function confirmed({ text, title, yes }: Asked): Promise<boolean> {
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'dialog-title', 'aria-describedby': 'dialog-text' },
    h('h2', { id: 'dialog-title' }, title),
    h('p', { id: 'dialog-text' }, text),
    h(
      'form.row.answers',
      { method: 'dialog' },
      // First, so that who presses Enter unawares changes nothing.
      h('button', { value: 'no' }, 'Cancel'),
      h('button.strong', { value: 'yes' }, yes),
    ),
  );
  return openDialog(dialog as HTMLDialogElement);
}

interface SignInForm {
  readonly name: string;
  /** @throws where the token is refused, with why */
  readonly signIn: (token: string, name: string) => Promise<void>;
}

/** Whether somebody has signed in. */
export function askToSignIn({ name, signIn }: SignInForm): Promise<boolean> {
  const token = h('input', {
    ...{ type: 'password', name: 'token', autocomplete: 'off', required: true, maxlength: 1024 },
    'aria-describedby': 'token-where',
  }) as HTMLInputElement;
  const by = h('input', {
    ...{ type: 'text', name: 'name', value: name, maxlength: 64, autocomplete: 'nickname' },
    'aria-describedby': 'name-why',
  }) as HTMLInputElement;
  const refused = h('p.failed', { role: 'alert' });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setText(refused, '');
    try {
      await signIn(token.value.trim(), by.value.trim());
      (dialog as HTMLDialogElement).close('yes');
    } catch (error) {
      setText(refused, (error as Error).message);
      token.select();
    }
  };
  const cancel = (): void => (dialog as HTMLDialogElement).close('no');
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'dialog-title' },
    h('h2', { id: 'dialog-title' }, 'Sign in as an operator'),
    h(
      'form.sign-in',
      { submit: (event) => void submit(event) },
      h('label', {}, "The operators' token", token),
      h(
        'p.quiet',
        { id: 'token-where' },
        'After lockstep train it is in the file operator.token of the run’s folder, on Kubernetes in the job’s Secret.',
      ),
      h('label', {}, 'Your name', by),
      h('p.quiet', { id: 'name-why' }, 'It stands in the timeline beside what you do.'),
      refused,
      h(
        'div.row.answers',
        {},
        h('button', { type: 'button', click: cancel }, 'Cancel'),
        h('button.strong', { type: 'submit' }, 'Sign in'),
      ),
    ),
  );
  const closed = openDialog(dialog as HTMLDialogElement);
  token.focus();
  return closed;
}
