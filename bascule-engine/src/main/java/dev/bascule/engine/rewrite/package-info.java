/** From graph to graph: inlining, simplification, recognition, differentiation. */
@NullMarked
package dev.bascule.engine.rewrite;

import org.jspecify.annotations.NullMarked;
