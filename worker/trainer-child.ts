import { trainForParent } from './trainer.js';

trainForParent();
