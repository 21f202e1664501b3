/** The time zone of this browser: the public page counts its days in it. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
