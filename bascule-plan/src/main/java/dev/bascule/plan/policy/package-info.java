/** What is allowed: rules as data, and why each of them strikes. */
@NullMarked
package dev.bascule.plan.policy;

import org.jspecify.annotations.NullMarked;
