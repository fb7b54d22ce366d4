// Does Go's own checksum-database code accept an export of our ledger?
//
// Usage: check EXPORT LOGKEY WITNESSKEY. Opens EXPORT/checkpoint with sumdb/note, reads the tiles
// through sumdb/tlog's TileHashReader (which authenticates each against the root), proves and checks
// records and tree growth, and prints every proof as one JSON line. Exit 1 names what was refused.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// cosigner verifies C2SP tlog-cosignature lines, which x/mod does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	part := strings.SplitN(vkey, "+", 3)
	hash, err := strconv.ParseUint(part[1], 16, 32)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(part[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, fmt.Errorf("not a cosignature key")
	}
	return cosigner{part[0], uint32(hash), key[1:]}, nil
}

// files reads tiles from the export; x/mod's paths name the tile height, tlog-tiles' do not.
type files string

func (f files) Height() int                         { return 8 }
func (f files) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f files) entry(index, size int64) ([]byte, error) {
	tile := tlog.Tile{H: 8, L: 0, N: index / 256, W: 256}
	if rest := size - tile.N*256; rest < 256 {
		tile.W = int(rest)
	}
	path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
	data, err := os.ReadFile(filepath.Join(string(f), path))
	if err != nil {
		return nil, err
	}
	for at := int64(0); ; at++ {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("bundle too short")
		}
		length := int(binary.BigEndian.Uint16(data))
		if at == index%256 {
			return data[2 : 2+length], nil
		}
		data = data[2+length:]
	}
}

func open(export, logKey, witnessKey string) (*note.Note, tlog.Tree, error) {
	log, err := note.NewVerifier(logKey)
	if err != nil {
		return nil, tlog.Tree{}, err
	}
	witness, err := newCosigner(witnessKey)
	if err != nil {
		return nil, tlog.Tree{}, err
	}
	data, err := os.ReadFile(filepath.Join(export, "checkpoint"))
	if err != nil {
		return nil, tlog.Tree{}, err
	}
	opened, err := note.Open(data, note.VerifierList(log, witness))
	if err != nil {
		return nil, tlog.Tree{}, err
	}
	line := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(line[1], 10, 64)
	if err != nil {
		return nil, tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(line[2])
	return opened, tlog.Tree{N: size, Hash: root}, err
}

type line struct {
	Kind  string   `json:"kind"`
	Old   int64    `json:"old"`
	Proof []string `json:"proof"`
}

func print(kind string, old int64, proof []tlog.Hash) {
	out := line{kind, old, []string{}}
	for _, hash := range proof {
		out.Proof = append(out.Proof, hex.EncodeToString(hash[:]))
	}
	json.NewEncoder(os.Stdout).Encode(out)
}

func record(export files, tree tlog.Tree, reader tlog.HashReader, index int64) error {
	entry, err := export.entry(index, tree.N)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	print("record", index, proof)
	return nil
}

func growth(tree tlog.Tree, reader tlog.HashReader, old int64) error {
	root, err := tlog.TreeHash(old, reader)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, old, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, root); err != nil {
		return err
	}
	print("growth", old, proof)
	return nil
}

func check(export, logKey, witnessKey string) error {
	opened, tree, err := open(export, logKey, witnessKey)
	if err != nil {
		return err
	}
	for _, sig := range opened.Sigs {
		fmt.Fprintln(os.Stderr, sig.Name)
	}
	reader := tlog.TileHashReader(tree, files(export))
	for index := int64(0); index < tree.N; index += 1 + tree.N/97 {
		if err := record(files(export), tree, reader, index); err != nil {
			return fmt.Errorf("record %d: %v", index, err)
		}
		if err := growth(tree, reader, index+1); err != nil {
			return fmt.Errorf("growth from %d: %v", index+1, err)
		}
	}
	return nil
}

func main() {
	if err := check(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
