import type { AnswerOf, Routes } from '@stasis/api-contract';

/** What the api shows, by name: the CLI knows these only through the contract. */
export type CheckpointView = AnswerOf<Routes['requestCheckpoint']>;
export type RestoreView = AnswerOf<Routes['requestRestore']>;
export type ContainerView = AnswerOf<Routes['getContainer']>;
