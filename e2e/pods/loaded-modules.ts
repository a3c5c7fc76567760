/** Loaded before a program, in each of its threads: writes what it loads into LOCKSTEP_TEST_LOADED. */
import { register } from 'node:module';

register('./loading-hook.js', import.meta.url);
