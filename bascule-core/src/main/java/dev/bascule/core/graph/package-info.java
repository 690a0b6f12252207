@NullMarked
package dev.bascule.core.graph;

import org.jspecify.annotations.NullMarked;
