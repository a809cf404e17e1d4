import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

const proto = protobuf.parse(readFileSync(new URL('onnx.proto', import.meta.url), 'utf8'), {
  keepCase: true,
});
export const ModelProto = proto.root.lookupType('onnx.ModelProto');

/** onnx.TensorProto.DataType */
export const FLOAT = 1;
export const INT64 = 7;

/** AttributeProto.AttributeType by the JavaScript value: numbers are FLOAT unless given as bigint (INT). */
export type Attribute = number | bigint | string | readonly bigint[] | readonly number[] | readonly string[];

const OPSET = 17;
/** The version of the file format that opset 17 came with; read by every onnxruntime since 1.12. */
const IR_VERSION = 8;

/** A graph under construction: nodes in order, constants, and names that do not collide. */
export class OnnxGraph {
  readonly #nodes: object[] = [];
  readonly #initializers: object[] = [];
  readonly #used = new Map<string, number>();

  /** `base`, or `base_2` and so on where that is taken. */
  name(base: string): string {
    const count = (this.#used.get(base) ?? 0) + 1;
    this.#used.set(base, count);
    return count === 1 ? base : `${base}_${count}`;
  }

  /** Adds a node and gives the name of its output (its first, where `outputs` names several; '' is one not wanted). */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    outputs: readonly string[] = [this.name(type.toLowerCase())],
  ): string {
    const attribute = Object.entries(attributes).map(([name, value]) => ({ name, ...encoded(value) }));
    this.#nodes.push({
      name: this.name(`${type}_node`),
      op_type: type,
      input: inputs,
      output: outputs,
      attribute,
    });
    return outputs.find((o) => o !== '') as string;
  }

  constant(base: string, dims: readonly number[], values: ArrayLike<number>): string {
    const raw = Buffer.from(Float32Array.from(values).buffer);
    return this.#constant(base, FLOAT, dims, raw);
  }

  integers(base: string, values: readonly number[]): string {
    return this.#constant(
      base,
      INT64,
      [values.length],
      Buffer.from(BigInt64Array.from(values, BigInt).buffer),
    );
  }

  #constant(base: string, type: number, dims: readonly number[], raw: Buffer): string {
    const name = this.name(base);
    this.#initializers.push({ name, data_type: type, dims, raw_data: raw });
    return name;
  }

  /** The finished file. A dimension that is a string is free and has that name. */
  encode(
    input: { name: string; dims: readonly (number | string)[] },
    output: { name: string; dims: readonly (number | string)[] },
    producer: { name: string; version: string },
  ): Uint8Array {
    return ModelProto.encode(
      ModelProto.fromObject({
        ir_version: IR_VERSION,
        opset_import: [{ domain: '', version: OPSET }],
        producer_name: producer.name,
        producer_version: producer.version,
        graph: {
          name: 'model',
          node: this.#nodes,
          initializer: this.#initializers,
          input: [valueInfo(input)],
          output: [valueInfo(output)],
        },
      }),
    ).finish();
  }
}

function valueInfo({ name, dims }: { name: string; dims: readonly (number | string)[] }): object {
  const dim = dims.map((d) => (typeof d === 'string' ? { dim_param: d } : { dim_value: d }));
  return { name, type: { tensor_type: { elem_type: FLOAT, shape: { dim } } } };
}

function encoded(value: Attribute): object {
  if (typeof value === 'number') return { type: 1, f: value };
  if (typeof value === 'bigint') return { type: 2, i: Number(value) };
  if (typeof value === 'string') return { type: 3, s: Buffer.from(value) };
  if (typeof value[0] === 'string') return { type: 8, strings: value.map((v) => Buffer.from(v as string)) };
  if (typeof value[0] === 'bigint') return { type: 7, ints: value.map(Number) };
  return { type: 6, floats: value };
}
