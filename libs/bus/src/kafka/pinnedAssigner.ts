import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

/**
 * kafkajs has no manual assignment, so a group is pinned by its own assigner: the first member takes that one partition,
 * the others stand by and take over when it leaves. All members of a group must be pinned to the same partition.
 */
export const pinnedAssigner =
  (only: number): PartitionAssigner =>
  ({ cluster }) => ({
    name: `pinned-${only}`,
    version: 1,
    assign: async ({ members, topics }) => {
      const ids = members.map((member) => member.memberId).toSorted();
      const pinned = (topic: string): number[] =>
        cluster
          .findTopicPartitionMetadata(topic)
          .map((partition) => partition.partitionId)
          .filter((partition) => partition === only);
      return ids.map((memberId, index) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 1,
          userData: Buffer.alloc(0),
          assignment: Object.fromEntries(topics.map((topic) => [topic, index === 0 ? pinned(topic) : []])),
        }),
      }));
    },
    protocol: ({ topics }) => ({
      name: `pinned-${only}`,
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
    }),
  });
