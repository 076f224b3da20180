// Writes src/api.d.ts: the types of the API from its OpenAPI document, as the contract test keeps it. It is made before each check of types, and not kept in git.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const SNAPSHOT = new URL('../crates/app/cli/tests/contract/snapshots/contract__api__openapi_document.snap', import.meta.url);
const TYPES = new URL('src/api.d.ts', import.meta.url);
const HEAD = '// Generated from the OpenAPI document by `node api.mjs`. Do not edit.\n/* eslint-disable */\n';

// Before the document the snapshot has a head of its own, between two lines of dashes.
const text = readFileSync(SNAPSHOT, 'utf8').replace(/^---\n[\s\S]*?\n---\n/, '');
const document = JSON.parse(text);
// Operations are found by path and method; their ids are not unique.
for (const path of Object.values(document.paths)) for (const operation of Object.values(path)) delete operation.operationId;
const types = HEAD + astToString(await openapiTS(document, { alphabetize: true }));
// A file that stays the same keeps its time, so that nothing is built again.
if (readFileSync(TYPES, { encoding: 'utf8', flag: 'a+' }) !== types) writeFileSync(TYPES, types);
