/** What int8 may lose unless somebody says otherwise. Of macro F1: less than what another seed changes. */
export const defaultMaxLoss = 0.005;
