/** The CPU device: assembler, emitter, library kernels, worker threads and the portable path. */
@NullMarked
package dev.bascule.cpu;

import org.jspecify.annotations.NullMarked;
