// Command independent checks what a Stasis ledger publishes with code that shares nothing with Stasis: signed notes and
// tree heads with golang.org/x/mod/sumdb/note, inclusion and consistency with golang.org/x/mod/sumdb/tlog. It reads one
// JSON document on standard input and exits 1 at the first thing that does not hold.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type published struct {
	// Verifier key of the ledger, and of a witness that cosigned the newest head.
	Key, WitnessKey string
	// Signed notes in order of size.
	Heads []string
	// C2SP .tlog-proof files whose extra data is the leaf.
	Proofs []string
	// Consistency proofs between heads of those sizes.
	Consistency []struct {
		From, To int64
		Hashes   []string
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "independent:", err)
		os.Exit(1)
	}
}

func run() error {
	var p published
	if err := json.NewDecoder(os.Stdin).Decode(&p); err != nil {
		return err
	}
	verifier, err := note.NewVerifier(p.Key)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	roots := map[int64]tlog.Hash{}
	for _, text := range p.Heads {
		tree, err := openHead(text, verifier)
		if err != nil {
			return err
		}
		roots[tree.N] = tree.Hash
	}
	for _, text := range p.Proofs {
		if err := checkProof(text, verifier); err != nil {
			return err
		}
	}
	for _, c := range p.Consistency {
		hashes, err := readHashes(c.Hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(hashes, c.To, roots[c.To], c.From, roots[c.From]); err != nil {
			return fmt.Errorf("consistency from %d to %d: %w", c.From, c.To, err)
		}
	}
	witness, err := newWitness(p.WitnessKey)
	if err != nil {
		return fmt.Errorf("witness key: %w", err)
	}
	if len(p.Heads) == 0 {
		return errors.New("no head is given")
	}
	newest := p.Heads[len(p.Heads)-1]
	if _, err := note.Open([]byte(newest), note.VerifierList(witness)); err != nil {
		return fmt.Errorf("cosignature: %w", err)
	}
	fmt.Printf("%d heads, %d inclusion proofs, %d consistency proofs, 1 cosignature\n", len(p.Heads), len(p.Proofs), len(p.Consistency))
	return nil
}

// openHead is c2sp.org/tlog-checkpoint: origin, size, root.
func openHead(text string, verifier note.Verifier) (tlog.Tree, error) {
	n, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("head: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("head: not of origin %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("head: %w", err)
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// checkProof is c2sp.org/tlog-proof, with the leaf as extra data.
func checkProof(text string, verifier note.Verifier) error {
	body, head, found := strings.Cut(text, "\n\n")
	lines := strings.Split(body, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("proof: not a tlog-proof with extra data")
	}
	leaf, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	hashes, err := readHashes(lines[3:])
	if err != nil {
		return err
	}
	tree, err := openHead(head, verifier)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(leaf)); err != nil {
		return fmt.Errorf("inclusion of %d in %d: %w", index, tree.N, err)
	}
	return nil
}

func readHashes(lines []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(lines))
	for i, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, fmt.Errorf("hash %d: %w", i, err)
		}
		hashes[i] = hash
	}
	return hashes, nil
}

// witness is c2sp.org/tlog-cosignature, Ed25519: type 0x04, and a time before the signature that is signed with the text.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not <name>+<hash>+<key>")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, errors.New("not an Ed25519 cosignature key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if fmt.Sprintf("%x", sum[:4]) != parts[1] {
		return nil, errors.New("wrong key hash")
	}
	return &witness{parts[0], binary.BigEndian.Uint32(sum[:4]), key[1:]}, nil
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(w.key, []byte(message), signature[8:])
}
