/** Half of `make schemathesis` and of `make openapi-clients`: what it is called with. */
import { tryApi } from '@wgcni/testing';
import { serve } from './serve.ts';

void tryApi(process.argv.slice(2), serve).then((status) => (process.exitCode = status));
