import { getBackend, getKernel } from '@tensorflow/tfjs-core';

/** Whether the engine in use has a kernel; one of ours takes the place of a composition then. */
export const hasKernel = (name: string): boolean => getKernel(name, getBackend()) !== undefined;
