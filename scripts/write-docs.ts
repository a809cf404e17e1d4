/** Writes the documentation that is generated from the code: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { configReference } from '../agent/config/reference.ts';
import { asyncApiYaml } from '../agent/publish/asyncapi.ts';
import { topicsReference } from '../agent/publish/reference.ts';

writeFileSync('docs/config.md', configReference());
writeFileSync('docs/asyncapi.yaml', asyncApiYaml());
writeFileSync('docs/topics.md', topicsReference());
