/** What `foldwise run` does about other runs that are open: `keep` leaves them as they are. */
export const otherChoices = ['keep', 'wait', 'cancel'] as const;
export type OtherChoice = (typeof otherChoices)[number];
