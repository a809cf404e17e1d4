import { crc32 } from 'node:zlib';
import { McapChunkBuilder, McapRecordBuilder, type McapTypes, Opcode } from '@mcap/core';
import { compress } from './zstd.ts';

/** A topic of the file: its messages are JSON after a JSON Schema. */
export interface Topic {
  readonly name: string;
  readonly schemaName: string;
  readonly schema: object;
}

export interface McapMessage {
  /** Index into the topics that the writer was made with. */
  readonly topic: number;
  /** Nanoseconds since 1970. */
  readonly logTimeNs: bigint;
  readonly data: Uint8Array;
}

const encoder = new TextEncoder();

/**
 * Makes the bytes of an MCAP file, piece by piece: `start`, any number of `chunk` and `metadata`, `end`. It writes
 * nothing itself: each call returns bytes to be appended, and a file that ends after any of them can be recovered up
 * to there. (`McapWriter` of @mcap/core decides by size alone when a chunk ends; here a chunk ends when the caller
 * says so, because a power cut costs the chunk that was open.) Schemas and channels stand before the first chunk.
 */
export class McapBytes {
  readonly #topics: readonly Topic[];
  readonly #records = new McapRecordBuilder();
  readonly #chunk = new McapChunkBuilder({ useMessageIndex: true });
  readonly #chunkIndexes: McapTypes.ChunkIndex[] = [];
  readonly #metadataIndexes: McapTypes.MetadataIndex[] = [];
  readonly #messageCounts: bigint[];
  readonly #sequence: number[];
  #startNs = 0n;
  #endNs = 0n;
  #position = 0n;
  #dataCrc = 0;

  constructor(topics: readonly Topic[]) {
    this.#topics = topics;
    this.#messageCounts = topics.map(() => 0n);
    this.#sequence = topics.map(() => 0);
  }

  /** Bytes made so far. */
  get length(): number {
    return Number(this.#position);
  }

  start(library: string): Uint8Array {
    this.#records.writeMagic();
    this.#records.writeHeader({ profile: '', library });
    this.#writeSchemas();
    this.#writeChannels();
    return this.#take();
  }

  metadata(name: string, entries: Record<string, string>): Uint8Array {
    const length = this.#records.writeMetadata({ name, metadata: new Map(Object.entries(entries)) });
    this.#metadataIndexes.push({ name, offset: this.#position, length });
    return this.#take();
  }

  /** One compressed chunk with its message indexes. */
  chunk(messages: readonly McapMessage[]): Uint8Array {
    if (messages.length === 0) return new Uint8Array(0);
    for (const message of messages) this.#add(message);
    const raw = this.#chunk.buffer;
    const compressed = compress(raw, 3);
    const span = {
      messageStartTime: this.#chunk.messageStartTime,
      messageEndTime: this.#chunk.messageEndTime,
    };
    const uncompressedSize = BigInt(raw.byteLength);
    const chunkLength = this.#records.writeChunk({
      ...span,
      uncompressedSize,
      uncompressedCrc: crc32(raw),
      compression: 'zstd',
      records: compressed,
    });
    const messageIndexOffsets = new Map<number, bigint>();
    let messageIndexLength = 0n;
    for (const index of this.#chunk.indices) {
      messageIndexOffsets.set(index.channelId, this.#position + chunkLength + messageIndexLength);
      messageIndexLength += this.#records.writeMessageIndex(index);
    }
    this.#chunkIndexes.push({
      ...span,
      chunkStartOffset: this.#position,
      chunkLength,
      messageIndexOffsets,
      messageIndexLength,
      compression: 'zstd',
      compressedSize: BigInt(compressed.byteLength),
      uncompressedSize,
    });
    this.#chunk.reset();
    return this.#take();
  }

  /** Summary and footer; without them a reader must scan the file. */
  end(): Uint8Array {
    this.#records.writeDataEnd({ dataSectionCrc: this.#dataCrc });
    const dataEnd = this.#take();
    const summaryStart = this.#position;
    const offsets: McapTypes.SummaryOffset[] = [];
    const group = (groupOpcode: number, write: () => void): void => {
      const before = BigInt(this.#records.length);
      write();
      const groupLength = BigInt(this.#records.length) - before;
      if (groupLength > 0n) offsets.push({ groupOpcode, groupStart: summaryStart + before, groupLength });
    };
    group(Opcode.SCHEMA, () => this.#writeSchemas());
    group(Opcode.CHANNEL, () => this.#writeChannels());
    group(Opcode.STATISTICS, () => this.#records.writeStatistics(this.#statistics()));
    group(Opcode.METADATA_INDEX, () => {
      for (const index of this.#metadataIndexes) this.#records.writeMetadataIndex(index);
    });
    group(Opcode.CHUNK_INDEX, () => {
      for (const index of this.#chunkIndexes) this.#records.writeChunkIndex(index);
    });
    const summaryOffsetStart = summaryStart + BigInt(this.#records.length);
    for (const offset of offsets) this.#records.writeSummaryOffset(offset);
    this.#records.writeFooter({ summaryStart, summaryOffsetStart, summaryCrc: 0 });
    // The checksum covers everything up to itself, and stands in the last four bytes of the footer.
    const summary = this.#take();
    const summaryCrc = crc32(summary.subarray(0, summary.byteLength - 4));
    new DataView(summary.buffer, summary.byteOffset).setUint32(summary.byteLength - 4, summaryCrc, true);
    this.#records.writeMagic();
    return Buffer.concat([dataEnd, summary, this.#take()]);
  }

  #add({ topic, logTimeNs, data }: McapMessage): void {
    if (this.#messageCounts.every((n) => n === 0n)) this.#startNs = this.#endNs = logTimeNs;
    if (logTimeNs < this.#startNs) this.#startNs = logTimeNs;
    if (logTimeNs > this.#endNs) this.#endNs = logTimeNs;
    this.#messageCounts[topic] += 1n;
    const sequence = this.#sequence[topic]++;
    this.#chunk.addMessage({ channelId: topic, sequence, logTime: logTimeNs, publishTime: logTimeNs, data });
  }

  #take(): Uint8Array {
    const bytes = this.#records.buffer;
    this.#records.reset();
    this.#position += BigInt(bytes.byteLength);
    this.#dataCrc = crc32(bytes, this.#dataCrc);
    return bytes;
  }

  #writeSchemas(): void {
    this.#topics.forEach((topic, i) => {
      const data = encoder.encode(JSON.stringify(topic.schema));
      this.#records.writeSchema({ id: i + 1, name: topic.schemaName, encoding: 'jsonschema', data });
    });
  }

  #writeChannels(): void {
    this.#topics.forEach((topic, i) => {
      const metadata = new Map<string, string>();
      this.#records.writeChannel({
        id: i,
        schemaId: i + 1,
        topic: topic.name,
        messageEncoding: 'json',
        metadata,
      });
    });
  }

  #statistics(): McapTypes.Statistics {
    const counted = this.#messageCounts.map((count, id): [number, bigint] => [id, count]);
    return {
      messageCount: this.#messageCounts.reduce((sum, n) => sum + n, 0n),
      schemaCount: this.#topics.length,
      channelCount: this.#topics.length,
      attachmentCount: 0,
      metadataCount: this.#metadataIndexes.length,
      chunkCount: this.#chunkIndexes.length,
      messageStartTime: this.#startNs,
      messageEndTime: this.#endNs,
      channelMessageCounts: new Map(counted.filter(([, count]) => count > 0n)),
    };
  }
}
