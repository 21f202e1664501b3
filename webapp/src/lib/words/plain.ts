/** The words of cleaned HTML without their marks, on one line: for places too small for paragraphs and lists. */
export const plain = (html: string): string =>
  new DOMParser()
    .parseFromString(html.replace(/<(?=p|br|li|ul|ol|pre|blockquote)/g, ' <'), 'text/html')
    .body.textContent.replace(/\s+/g, ' ')
    .trim();
