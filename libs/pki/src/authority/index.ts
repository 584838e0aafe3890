/** Issuing certificates, and asking for them: apart from the rest, since the library behind it is large and most processes never need it. */
export * from './authority.ts';
export * from './certificate-request.ts';
export * from './issuing-authority.ts';
