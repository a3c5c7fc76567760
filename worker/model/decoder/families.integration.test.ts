import { before, describe } from 'node:test';
import { openEngine } from '../../engine/open-engine.js';
import { familyCases } from './families-cases.js';

describe('the fused decoder', () => {
  before(() => openEngine('torch', { threads: 1 }));
  familyCases();
});
