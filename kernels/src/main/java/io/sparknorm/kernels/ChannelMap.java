package io.sparknorm.kernels;

/** What is done to each element, by its channel. */
interface ChannelMap {
  /** Maps rows of one element per channel that take up the elements between two positions. */
  <A> void mapRows(Loops<A> loops, A x, int from, int to, A out);

  /** Maps neighbouring runs of a length, the first of channel c, the next of channel c + 1. */
  <A> void mapRuns(Loops<A> loops, A x, int from, int runs, int length, int c, A out);
}
