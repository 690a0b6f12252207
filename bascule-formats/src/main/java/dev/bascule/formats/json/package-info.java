/** JSON out of untrusted files, with errors that name the place. */
@NullMarked
package dev.bascule.formats.json;

import org.jspecify.annotations.NullMarked;
