import type { PushSettings, SubscriptionSettings } from '@heddle/core'

/** What stands for a value that is not shown. */
export const hidden = '***'

/** The settings, as they may be shown: without secrets. */
export function withoutSecrets<T extends SubscriptionSettings>(settings: T): T {
  const { push } = settings
  return push ? { ...settings, push: hide(push) } : settings
}

const hide = ({ headers, secrets, ...push }: PushSettings): PushSettings => ({
  ...push,
  secrets: secrets.map((secret) => `${secret.slice(0, secret.indexOf('_') + 1)}${hidden}`),
  headers: Object.fromEntries(Object.keys(headers).map((name) => [name, hidden])),
})
