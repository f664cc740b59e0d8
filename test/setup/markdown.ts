/** The programs of a text in Markdown that are in a language, as they stand there. */
export function snippetsOf(markdown: string, language: string): string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return Array.from(markdown.matchAll(fenced), ([, code]) => code!);
}
