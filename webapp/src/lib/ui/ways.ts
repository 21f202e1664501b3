import type { IconName } from './icons';

/** One line of Ways: where it leads, below "#/", and what is there. */
export interface Way {
  to: string;
  icon: IconName;
  name: string;
  hint: string;
}
