/** Machine code that reads a cache of keys and values as it lies, for a token's few queries. */
@NullMarked
package dev.bascule.cpu.cache;

import org.jspecify.annotations.NullMarked;
