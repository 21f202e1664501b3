// Tests read the same anywhere: one region for dates and lists.
Object.defineProperty(globalThis, 'navigator', { value: { languages: ['en-GB'] }, configurable: true });
