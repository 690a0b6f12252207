/** The suite that every device must pass, and random-graph fuzzing. */
@NullMarked
package dev.bascule.conformance;

import org.jspecify.annotations.NullMarked;
