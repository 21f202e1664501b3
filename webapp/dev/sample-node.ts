export const sampleNode = () => ({ name: 'x' });
