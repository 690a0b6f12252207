/** Families of decoder models: what their files say, their weights, and their graphs. */
@NullMarked
package dev.bascule.models;

import org.jspecify.annotations.NullMarked;
