// Follows a repository with go-tuf: trusts ROOT, refreshes, downloads one artifact. Exits 1, with the error's kind and text, where
// go-tuf refuses.
//
//	go-client ROOT URL FOLDER ARTIFACT
//	go-client globs
//
// Metadata lies at the top of URL, artifacts below targets/ with hash prefixes. FOLDER has to exist, and keeps what the client
// saw; the artifact becomes FOLDER/download. With globs: says of each [PATTERN, PATH] of a JSON list on standard input whether
// go-tuf matches them.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "globs" {
		if err := globs(); err != nil {
			fmt.Fprintf(os.Stderr, "%T: %v\n", err, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: go-client ROOT URL FOLDER ARTIFACT")
		os.Exit(64)
	}
	if err := follow(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintf(os.Stderr, "%T: %v\n", err, err)
		os.Exit(1)
	}
}

func follow(root, url, folder, artifact string) error {
	trusted, err := os.ReadFile(root)
	if err != nil {
		return err
	}
	settings, err := config.New(url, trusted)
	if err != nil {
		return err
	}
	settings.LocalMetadataDir = filepath.Join(folder, "metadata")
	settings.LocalTargetsDir = filepath.Join(folder, "targets")
	settings.RemoteTargetsURL = url + "/targets"
	settings.PrefixTargetsWithHash = true
	client, err := updater.New(settings)
	if err != nil {
		return err
	}
	if err := client.Refresh(); err != nil {
		return err
	}
	target, err := client.GetTargetInfo(artifact)
	if err != nil {
		return err
	}
	_, _, err = client.DownloadTarget(target, filepath.Join(folder, "download"), "")
	return err
}

func globs() error {
	var pairs [][2]string
	if err := json.NewDecoder(os.Stdin).Decode(&pairs); err != nil {
		return err
	}
	matches := make([]bool, len(pairs))
	for i, pair := range pairs {
		role := metadata.DelegatedRole{Name: "role", Paths: []string{pair[0]}}
		found, err := role.IsDelegatedPath(pair[1])
		if err != nil {
			return err
		}
		matches[i] = found
	}
	return json.NewEncoder(os.Stdout).Encode(matches)
}
