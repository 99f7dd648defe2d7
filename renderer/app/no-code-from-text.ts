import { config } from 'zod';

/*
 * The policy of the page lets no text become code, which zod tries for speed when a schema is made. So this comes before
 * any schema does: it is the first import of the page.
 */
config({ jitless: true });
