/** From a graph to a plan to results. */
@NullMarked
package dev.bascule.engine;

import org.jspecify.annotations.NullMarked;
