/** For tests of this library and of the plugin's process. */
export * from './plugin-input.ts';
