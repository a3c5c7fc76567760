import { backend, type DataId, type Tensor } from '@tensorflow/tfjs-core';

/** A backend that fills memory of the caller's. */
export interface ReadsInto {
  readInto(dataId: DataId, values: Float32Array): void;
}

/** Reads a float32 tensor into `values`, which has its size; without a copy in between, if possible. */
export function readInto(x: Tensor, values: Float32Array): void {
  const reader = backend() as ReadsInto | { readonly readInto?: undefined };
  if (reader.readInto === undefined) values.set(x.dataSync<'float32'>());
  else reader.readInto(x.dataId, values);
}
