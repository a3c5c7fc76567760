import { before, describe } from 'node:test';
import { openEngine } from '../../engine/open-engine.js';
import { familyCases } from './families-cases.js';

describe('the composed decoder', () => {
  before(() => openEngine('cpu', { threads: 1 }));
  familyCases();
});
