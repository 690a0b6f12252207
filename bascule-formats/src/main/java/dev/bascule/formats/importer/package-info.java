/** Models of other frameworks as Bascule's graphs: a row of a table for each of their operators. */
@NullMarked
package dev.bascule.formats.importer;

import org.jspecify.annotations.NullMarked;
