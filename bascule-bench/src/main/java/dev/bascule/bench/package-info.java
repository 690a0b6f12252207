/** JMH benchmarks and side-by-side runs against peers. */
@NullMarked
package dev.bascule.bench;

import org.jspecify.annotations.NullMarked;
