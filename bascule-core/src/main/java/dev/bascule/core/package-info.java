/**
 * The vocabulary: types, shapes, graphs, ops, the kernel IR, the device interface and the reference
 * interpreter.
 */
@NullMarked
package dev.bascule.core;

import org.jspecify.annotations.NullMarked;
