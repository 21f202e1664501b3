/** An invite carries its secret behind the #; an address alone has nothing there. spec 9.1 */
export function isInvite(text: string): boolean {
  try {
    const url = new URL(text.trim());
    return /^(https?|web\+microsocial):$/.test(url.protocol) && url.hash.length > 1;
  } catch {
    return false;
  }
}
