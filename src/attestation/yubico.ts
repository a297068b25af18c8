/** A certificate that is part of this program. */
export interface ShippedCertificate {
  /** SHA-256 of the DER, in hex. */
  readonly fingerprint: string;
  /** DER in base64. */
  readonly base64: string;
}

/** Yubico's roots for PIV, both generations. Source: https://developers.yubico.com/PKI/yubico-ca-certs.txt */
export const yubicoRoots: readonly ShippedCertificate[] = [
  // Yubico PIV Root CA Serial 263751: the root of firmware 4.3 to 5.7.3
  {
    fingerprint: '63ece914e54dd87915f34033c85af4c0696ba1512f8add66ced738331207b546',
    base64:
      'MIIDFzCCAf+gAwIBAgIDBAZHMA0GCSqGSIb3DQEBCwUAMCsxKTAnBgNVBAMMIFl1YmljbyBQSVYgUm9vdCBDQSBTZXJpYWwg' +
      'MjYzNzUxMCAXDTE2MDMxNDAwMDAwMFoYDzIwNTIwNDE3MDAwMDAwWjArMSkwJwYDVQQDDCBZdWJpY28gUElWIFJvb3QgQ0Eg' +
      'U2VyaWFsIDI2Mzc1MTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAMN2cMTNR6YCdcTFRxuPy31PabRn5m6pJ+nS' +
      'E0HRWpoaM8fc8wHC+Tmb98jmNvhWNE2EilU85uYKfEFP9d6Q2GmytqBnxZsAa3KqZiCCx2LwQ4iYEOb1llgotVr/whEpdVOq' +
      'joU0P5e1j1y7OfwOvky/+AXIN/9Xp0VFlYRk2tQ9GcdYKDmqU+db9iKwpAzid4oHBVLIhmD3pvkWaRA2H3DA9t7H/HNq5v3O' +
      'iO1jyLZeKqZoMbPObrxqDg+9fOdShzgfwCqgT3XVmTeiwvBSTctyi9mHQfYd2DwkaqxRnLbNVyK9zl+DzjSGp9IhVPiVtGet' +
      'X02dxhQnGS7K6BO0Qe8CAwEAAaNCMEAwHQYDVR0OBBYEFMpfyvLEojGc6SJf8ez01d8Cv4O/MA8GA1UdEwQIMAYBAf8CAQEw' +
      'DgYDVR0PAQH/BAQDAgEGMA0GCSqGSIb3DQEBCwUAA4IBAQBc7Ih8Bc1fkC+FyN1fhjWioBCMr3vjneh7MLbA6kSoyWF70N3s' +
      'XhbXvT4eRh0hvxqvMZNjPU/VlRn6gLVtoEikDLrYFXN6Hh6Wmyy1GTnspnOvMvz2lLKuym9KYdYLDgnj3BeAvzIhVzzYSeU7' +
      '7/Cupofj093OuAswW0jYvXsGTyix6B3dbW5yWvyS9zNXaqGaUmP3U9/b6DlHdDogMLu3VLpBB9bm5bjaKWWJYgWltCVgUbFq' +
      'Fqyi4+JE014cSgR57Jcu3dZiehB6UtAPgad9L5cNvua/IWRmm+ANy3O2LH++Pyl8SREzU8onbBsjMg9QDiSf5oJLKvd/Ren+' +
      'zGY7',
  },
  // Yubico PIV Root CA Serial 263751: its form of before 2018: the same key, other constraints
  {
    fingerprint: '7e996a28e3055223733c9aec897900eda9b746e3e15d419556ac6a1179879a50',
    base64:
      'MIIDFzCCAf+gAwIBAgIDBAZHMA0GCSqGSIb3DQEBCwUAMCsxKTAnBgNVBAMMIFl1YmljbyBQSVYgUm9vdCBDQSBTZXJpYWwg' +
      'MjYzNzUxMCAXDTE2MDMxNDAwMDAwMFoYDzIwNTIwNDE3MDAwMDAwWjArMSkwJwYDVQQDDCBZdWJpY28gUElWIFJvb3QgQ0Eg' +
      'U2VyaWFsIDI2Mzc1MTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAMN2cMTNR6YCdcTFRxuPy31PabRn5m6pJ+nS' +
      'E0HRWpoaM8fc8wHC+Tmb98jmNvhWNE2EilU85uYKfEFP9d6Q2GmytqBnxZsAa3KqZiCCx2LwQ4iYEOb1llgotVr/whEpdVOq' +
      'joU0P5e1j1y7OfwOvky/+AXIN/9Xp0VFlYRk2tQ9GcdYKDmqU+db9iKwpAzid4oHBVLIhmD3pvkWaRA2H3DA9t7H/HNq5v3O' +
      'iO1jyLZeKqZoMbPObrxqDg+9fOdShzgfwCqgT3XVmTeiwvBSTctyi9mHQfYd2DwkaqxRnLbNVyK9zl+DzjSGp9IhVPiVtGet' +
      'X02dxhQnGS7K6BO0Qe8CAwEAAaNCMEAwHQYDVR0OBBYEFMpfyvLEojGc6SJf8ez01d8Cv4O/MA8GA1UdEwQIMAYBAf8CAQAw' +
      'DgYDVR0PAQH/BAQDAgEGMA0GCSqGSIb3DQEBCwUAA4IBAQA8bRnIMVi+xLco6rHFKdZvPgXx4Rb8PiaQnIZtfuDgJk36n/ID' +
      'bBrSw5DX5Gn8JwWz0In5afTpyb4ICylnsu4Z4rJG9AcYQzVLqHkQlpSQ4mtPfDU7SZ37nEOwxyTpY4r81eSb1hkNWfAcv0V1' +
      'Upwmo5gTqqddL2eMxYUw/IPzp8x2bB+zmRVw7OIq0VIVg3vWI3yqh8lDNdy8vN9i1gXtDUQjWkA0Xwl3l9cw4G1La2J/VSoA' +
      'OW0UjTJvprEvG7wSvfziAmkDds9afPk2etXn0hyDmzcpj07jS31/JJJ2UpKIjX/WG5cNAbH/oWi5OXS53bl7Zuuo4RLgxktT' +
      'drd+',
  },
  // Yubico Attestation Root 1: the root of firmware 5.7.4 and later
  {
    fingerprint: '62760c6a6ef91679f454c8902b80fd009825b3f25da90f1fbace2ec6586cd5a8',
    base64:
      'MIIDPjCCAiagAwIBAgIUXzeiEDJEOTt14F5n0o6Zf/bBwiUwDQYJKoZIhvcNAQENBQAwJDEiMCAGA1UEAwwZWXViaWNvIEF0' +
      'dGVzdGF0aW9uIFJvb3QgMTAgFw0yNDEyMDEwMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowJDEiMCAGA1UEAwwZWXViaWNvIEF0' +
      'dGVzdGF0aW9uIFJvb3QgMTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAMZ6/TxM8rIT+EaoPvG81ontMOo/2mQ2' +
      'RBwJHS0QZcxVaNXvl12LUhBZ5LmiBScIZd1Rnx1od585h+/dhK7hEm7JAALkKKts1fO53KGNLZujz5h3wGncr4hyKF0G74b/' +
      'U3K9hE5mGND6zqYchCRAHfrYMYRDF4YL0X4D5nGdxvppAy6nkEmtWmMnwO3i0TAucsrbE485HvGM4r0VpgVdJpvgQjiTJCTI' +
      'q+D35hwtT8QDIv+nGvpcyi5wcIfCkzyCimJukhYy6KoqNMKQEdpNiSOvWyDMTMt1bwCvEzpw91u+msUt4rj0efnO9s0ZOwdw' +
      'MRDnH4xgUl5ZLwrrPkfC1/0CAwEAAaNmMGQwHQYDVR0OBBYEFNLu71oijTptXCOXPfKF1SbxJXuSMB8GA1UdIwQYMBaAFNLu' +
      '71oijTptXCOXPfKF1SbxJXuSMBIGA1UdEwEB/wQIMAYBAf8CAQMwDgYDVR0PAQH/BAQDAgGGMA0GCSqGSIb3DQEBDQUAA4IB' +
      'AQC3IW/sgB9pZ8apJNjxuGoX+FkILks0wMNrdXL/coUvsrhzsvl6mePMrbGJByJ1XnquB5sgcRENFxdQFma3mio8Upf1owM1' +
      'ZreXrJ0mADG2BplqbJnxiyYa+R11reIFTWeIhMNcZKsDZrFAyPuFjCWSQvJmNWe9mFRYFgNhXJKkXIb5H1XgEDlwiedYRM7V' +
      'olBNlld6pRFKlX8ust6OTMOeADl2xNF0m1LThSdeuXvDyC1g9+ILfz3S6OIYgc3iroRcFD354g7rKfu67qFAw9gC4yi0xBTP' +
      'rY95rh4/HqaUYCA/L8ldRk6H7Xk35D+WVpmq2Sh/xT5HiFuhf4wJb0bK',
  },
];

/**
 * What stands between Attestation Root 1 and a card's own certificate for PIV; those for FIDO, OpenPGP and the rest are left
 * out on purpose. Source: https://developers.yubico.com/PKI/yubico-intermediate.pem
 */
export const yubicoIntermediates: readonly ShippedCertificate[] = [
  // Yubico Attestation Intermediate A 1
  {
    fingerprint: '4698a1d3389c3ec60016c216250f1d0439922832d65142327436376dc2942b55',
    base64:
      'MIIDSDCCAjCgAwIBAgIUUcmMXzRIFOgGTK0Tb3gEuZYZkBIwDQYJKoZIhvcNAQELBQAwJDEiMCAGA1UEAwwZWXViaWNvIEF0' +
      'dGVzdGF0aW9uIFJvb3QgMTAgFw0yNDEyMDEwMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowLjEsMCoGA1UEAwwjWXViaWNvIEF0' +
      'dGVzdGF0aW9uIEludGVybWVkaWF0ZSBBIDEwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDm555bWY9WW+tOY0rI' +
      'WHldh+aNanoCZCFh7Gk3YZrQmPUw0hkSG6qYHQtP+fZyS33VErvg+BQqnmumgNhfxFrkwEZELeidBcC8C4Ag4nqqiPWpzsvI' +
      '17NcxYlInLNLFcZY/+gOiN6ZOTihO5/vBZMbj9riaAcqliYmNGJPgTcMGaEAyMzEMNy2nm6Ep+pjP5aF6gi21t/UQFsuJ1j2' +
      'Rj/ynM/SdRt+ecal5OYotxHkFbL9vvv2A2Ov5ITZClw4bOS9npypQimOZ5QAYytmYaQpWl/pMYz6zSj8RqkVDNEJGqNfTKA2' +
      'ivLYwX6lSttMPapg0J84l9X0voVN/FpS4VCVAgMBAAGjZjBkMB0GA1UdDgQWBBQgKFAhG6RaW+hTy52dxeT8bC96HzAfBgNV' +
      'HSMEGDAWgBTS7u9aIo06bVwjlz3yhdUm8SV7kjASBgNVHRMBAf8ECDAGAQH/AgECMA4GA1UdDwEB/wQEAwIBhjANBgkqhkiG' +
      '9w0BAQsFAAOCAQEAYMzgLrJLIr0OovQnAZrRIGuabiHSUKSmbLRWpRkWeAtsChDEHpXcJ/bgDNKYWoHqQ8xRUjB4CyepYevc' +
      '3YlrG8o7zHxpfVcaoL5SeuJkzHxKn4bTaSp9+Mvwamnp64kZMiNbFLknfP9kYKoRHkMWheRJ1UsP1z4ScmkCeILfsMs6vqov' +
      'qjWClFsJpBcsluYHWF7bBJ1n4Rwg+ATEopY4IgGv6Zvwc+A9r+AT2hqpoSkYoAl+ANYwgslOf9sJe0V+TA9YY/UlaBmPPTd0' +
      '//r9wvcePWZkPjKoAC/zUNhfDbh4LV8GHs3lyX2XomL/LNc8JYzyIaDEhGQveoPhh/tr1g==',
  },
  // Yubico Attestation Intermediate B 1
  {
    fingerprint: 'd4cc3f456fdaf4e7812a21aab1dfe9d8e27d24e2fd2d6f21c9940109f0daa754',
    base64:
      'MIIDSDCCAjCgAwIBAgIUDqERw+4RnGSggxgUewJFEPDRZ3YwDQYJKoZIhvcNAQELBQAwJDEiMCAGA1UEAwwZWXViaWNvIEF0' +
      'dGVzdGF0aW9uIFJvb3QgMTAgFw0yNDEyMDEwMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowLjEsMCoGA1UEAwwjWXViaWNvIEF0' +
      'dGVzdGF0aW9uIEludGVybWVkaWF0ZSBCIDEwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDI7XnH+ZvDwMCQU8M8' +
      'ZeV5qscublvVYaaRt3Ybaxn9godLx5swH0lXrdgjh5h7FpVgCgYYX7E4bl1vbzULemrMWT8N3WMGUe8QAJbBeioV7W/E+hTZ' +
      'P/0SKJVa3ewKBo6ULeMnfQZDrVORAk8wTLq2v5Llj5vMj7JtOotKa9J7nHS8kLmzXXSaj0SwEPh5OAZUTNV4zs1bvoTAQQWr' +
      'L4/J9QuKt6WCFE5nUNiRQcEbVF8mlqK2bx2z6okVltyDVLCxYbpUTELvY1usR3DTGPUoIClOm4crpwnDRLVHvjYePGBB//pE' +
      'yzxA/gcScxjwaH1ZUw9bnSbHyurKqbTa1KvjAgMBAAGjZjBkMB0GA1UdDgQWBBTqt0KQngx7ZHrbVHwDunxOn9ihYTAfBgNV' +
      'HSMEGDAWgBTS7u9aIo06bVwjlz3yhdUm8SV7kjASBgNVHRMBAf8ECDAGAQH/AgECMA4GA1UdDwEB/wQEAwIBhjANBgkqhkiG' +
      '9w0BAQsFAAOCAQEAqQaCWMxTGqVVX7Sk7kkJmUueTSYKuU6+KBBSgwIRnlw9K7He1IpxZ0hdwpPNikKjmcyFgFPzhImwHJgx' +
      'xuT90Pw3vYOdcJJNktDg35PXOfzSn15cFAx1RO0mPTmIb8dXiEWOpzoXvdwXDM41ZaCDYMT7w4IQtMyvE7xUBZq2bjtAnq/N' +
      'DUA7be4H8H3ipC+/+NKlUrcUh+j48K67WI0u1m6FeQueBA7n06j825rqDqsaLs9Tb7KAHAw8PmrWaNPG2kjKerxPEfecivlF' +
      'awp2RWZvxrVtn3TV2SBxyCJCkXsND05dCErVHSJIs+BdtTVNY9AwtyPmnyb0v4mSTzvWdw==',
  },
  // Yubico PIV Attestation A 1
  {
    fingerprint: '6de693f05376f5d8ca29069261e1c8626c75d503bd2edbfd75354cad1f722870',
    base64:
      'MIIDSTCCAjGgAwIBAgIUSiefkiKiicP9B63XwO7fKqevCkQwDQYJKoZIhvcNAQELBQAwLjEsMCoGA1UEAwwjWXViaWNvIEF0' +
      'dGVzdGF0aW9uIEludGVybWVkaWF0ZSBBIDEwIBcNMjQxMjAxMDAwMDAwWhgPOTk5OTEyMzEyMzU5NTlaMCUxIzAhBgNVBAMM' +
      'Gll1YmljbyBQSVYgQXR0ZXN0YXRpb24gQSAxMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyGCyrZjNrdPfChdD' +
      'e4JWd+4TMLr8nbugcKJz12egglWi7oy5L9GT99/if9i1OrONdpEt0YrCa+qMb+dJJ0WUa8M5zXYnUDpn72vhFjH+Anb9P9+v' +
      '+ZrRqaj/jnR/MYP7NpVpeLHiH2dRCe/PX/NH1XE41GvdUEncDtqUUGaXUea0DfDYMcRDpPT2Qn5e8rn9FjzDA37SbOVuws5V' +
      'lFTDzDdqR0FnqeWeIW0DFu17rzCqXcaBVRDnQLTc5EEPDTpiRrQE/Ag+7Wg9ieLrueos75YMQ1EIkfjL49OBVogU1A7kwRGv' +
      'OnG8l7sYaY8LZ2b5FROe2hKqmsIy600qjn6b/QIDAQABo2YwZDAdBgNVHQ4EFgQUhAuLXXtpQVBkcsbqyFlj6LVAadgwHwYD' +
      'VR0jBBgwFoAUIChQIRukWlvoU8udncXk/Gwveh8wEgYDVR0TAQH/BAgwBgEB/wIBATAOBgNVHQ8BAf8EBAMCAYYwDQYJKoZI' +
      'hvcNAQELBQADggEBAFxL/2oFjxkLh2KVnFKdhy7Nf7MmEfYXDDFSx1rFDn445jHOUP5kxQPbZc9r53jdvL5W0SQBqBjqA95P' +
      'Yh0r1CPMFsFJdiFXli8Hf3NQ0bTkeFSNG3LsQCOKMb+o2WjYU3vHkRVjKgKGLxysxxKxGfMUcXdJ0qM6ZVeRHehC2zy7XuI6' +
      'TQn7/V0ZHXjk7So7dUV55xQde094/3cCTnh9Q3j2aqMjkGx6tDboCsz/+W+tne7WnMHG92ZiAAmOkP2bABjan461Qty/qBXP' +
      'HomkfjqNbjUTluPXiMLYKCXHIyKwdkX6cphouSMU3QOTsb35Y2PeWNk54xu+Eds/3nhRMso=',
  },
  // Yubico PIV Attestation B 1
  {
    fingerprint: '2d55b7998f4e42569d6d8fa382b6dc77d1dacf07358b19701163892922b17052',
    base64:
      'MIIDSTCCAjGgAwIBAgIUWVf2oJG+t1qP8t8TicWgJ2KYan4wDQYJKoZIhvcNAQELBQAwLjEsMCoGA1UEAwwjWXViaWNvIEF0' +
      'dGVzdGF0aW9uIEludGVybWVkaWF0ZSBCIDEwIBcNMjQxMjAxMDAwMDAwWhgPOTk5OTEyMzEyMzU5NTlaMCUxIzAhBgNVBAMM' +
      'Gll1YmljbyBQSVYgQXR0ZXN0YXRpb24gQiAxMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAv7WBL9/5AKxSpCMo' +
      'L63183WqRtFrOHY7tdyuGtoidoYWQrxVaV9S+ZwH0aynh0IzD5A/PvCtuxdtL5w2cAI3tgsborOlEert4IZ904CZQfq3ooar' +
      '1an/wssbtMpPOQkC3MQiqrUyHlFS2BTbuwbBXY66lSVX/tGRuUgnBdfBJtcQKS6MO4bU5ndPQqhGPyzcyY1LvlfzK7KJ1r/b' +
      'ixCRFqjhJRnPs0Czpg6rkRrFgC6cd5bK1UgTsJy+3wrIqkv4CeV3EhSVnhnQjZgIrdIcI5WZ8T1Oq3OhMlWmY0K0dy/oZdP/' +
      'bpbG2qbyHLa6gprLT/qChQWLmffxn6D2DAB1zQIDAQABo2YwZDAdBgNVHQ4EFgQUM0Nt3QHo7eGzaKMZn2SmXT74vpcwHwYD' +
      'VR0jBBgwFoAU6rdCkJ4Me2R621R8A7p8Tp/YoWEwEgYDVR0TAQH/BAgwBgEB/wIBATAOBgNVHQ8BAf8EBAMCAYYwDQYJKoZI' +
      'hvcNAQELBQADggEBAI0HwoS84fKMUyIof1LdUXvyeAMmEwW7+nVETvxNNlTMuwv7zPJ4XZAm9Fv95tz9CqZBj6l1PAPQn6Zh' +
      't9LQA92OF7W7buuXuxuusBTgLM0C1iX2CGXqY/k/uSNvi3ZYfrpd44TIrfrr8bCG9ux7B5ZCRqb8adDUm92Yz3lK1aX2M6Cw' +
      'jC9IZVTXQWhLyP8Ys3p7rb20CO2jJzV94deJ/+AsEb+bnCQImPat1GDKwrBosar+BxtU7k6kgkxZ0G384O59GFXqnwkbw2b5' +
      'HhORvOsX7nhOUhePFufzi1vT1g8Tzbwr+TUfTwo2biKHHcI762KGtp8o6Bcv5y8WgExFuWY=',
  },
  // Yubico PIV Attestation B2 1
  {
    fingerprint: '0c90b7d184a36edf50a35f9be935f0c5689bfdcfe5bdd073366cafb49061a440',
    base64:
      'MIIDRjCCAjCgAwIBAgIUM6Hs259YBTYRAMg98ZZlv/CDyO0wCwYJKoZIhvcNAQELMC4xLDAqBgNVBAMMI1l1YmljbyBBdHRl' +
      'c3RhdGlvbiBJbnRlcm1lZGlhdGUgQiAxMCAXDTI1MDgwMTAwMDAwMFoYDzk5OTkxMjMxMjM1OTU5WjAmMSQwIgYDVQQDDBtZ' +
      'dWJpY28gUElWIEF0dGVzdGF0aW9uIEIyIDEwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQCxqNa82XHPD/QMqYff' +
      'F8K4a9aoJIV7SU9NKXu3hBh+6nF0/HPPUtSu/ChTdPoCk1Li2Sz7gkWzijJVCCSo6uRgRT2sUoTb8xjKo80N5QxAC3TVNRpA' +
      'lGh4Ba5KxamnXrf6s78tB73oTlTkMBUehVwvbQZGRpst00w58SxDP0nF7rO6qF+h8M+kV4ycd8zUssMq6yxWhDAUZ+gT4l0S' +
      'wvBEvUiJ8q7phFGJPyMjrKy1bifC50GWxdLLJq7WRswaNxOsQ8hqJVRsoQ9pnZDCvo2WRkTzi3UrPPp5Soyy+aUOlNs0gwFu' +
      '07H75Gnswet+wffpeDFXZM2ITH3SN0LrpairAgMBAAGjZjBkMB0GA1UdDgQWBBSeIRwEGD3d5SgceJxQn/ztOZHuVjAfBgNV' +
      'HSMEGDAWgBTqt0KQngx7ZHrbVHwDunxOn9ihYTASBgNVHRMBAf8ECDAGAQH/AgEBMA4GA1UdDwEB/wQEAwIBhjALBgkqhkiG' +
      '9w0BAQsDggEBAKK+IxeMsYsfqbLZ/Ld82tHWddLLlbXBaQojmRSDNHlBGbOvuQZgrnbafjIEyb+Uv1+TdJnn5cV1P/MBSfJL' +
      'BPqBuhKZ3lk4460CWRmcIKsxVRe0V5+VbGCzLKpWtlrEBVkFTSbBQk4FQNVYw5pR4UzRIambsRyyGsyN0gppGyxyCqAR8/Od' +
      'GI+sUWh+VxFSlSpvaDT9GBGBN6eG0WMAZlEdu9k/tphesazHeK6MvXP6tBnb4DCd09DUZeon7D8m1drYyw5kOjqgm1E3HPkN' +
      'x4856iTdY7nAuVQ++i0hUhaJpc/5HZbwwdlqXnmZ+XRIGSDLn2KKoxSWziowEvlU+04=',
  },
];
